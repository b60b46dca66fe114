import{c as o}from"./chunk-W666QIZG.js";function i(t){o(()=>{document.title=`${t} \xB7 LPL`},[t])}export{i as a};
